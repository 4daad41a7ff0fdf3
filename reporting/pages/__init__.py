"""Pages: HTML for people who are signed in, and the page to sign in."""
