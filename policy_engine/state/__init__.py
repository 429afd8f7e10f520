"""What is kept between requests and shared by processes: entries that expire, counters, and leases on them."""
