"""What was decided, called, paid and answered: written aside of requests, kept for a time, read for reports."""
