"""The only HTTP client: what goes out, what comes in, and how that fails, sync and async."""
