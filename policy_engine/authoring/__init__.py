"""Writing policies: starters for those who begin, and policies read from other formats."""
