"""Parts for other libraries' programs, each in a module named after its library."""
