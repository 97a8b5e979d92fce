"""What really went out over the sockets while the tests ran, and whether it makes sense."""
