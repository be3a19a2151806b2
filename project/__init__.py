"""Scripts that train networks with minitorch, and what they share. Not part of the installed library."""
