"""Pages for people who are signed in, and the one where they sign in."""
