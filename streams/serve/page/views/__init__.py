"""What each page shows, as values made of what the API answers. Pure: nothing here reads a server or knows HTML."""
