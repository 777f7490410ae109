"""The hall: accounts, access, and everything that joins the two wings."""
