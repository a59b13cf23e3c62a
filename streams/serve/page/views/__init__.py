"""What a page shows, as values made from the answers of queries. Pure."""
