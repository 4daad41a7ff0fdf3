"""Pages: requests of people -> HTML, for those who are signed in, and to sign in."""
