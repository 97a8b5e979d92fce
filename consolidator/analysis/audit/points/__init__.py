"""The ten integration points of an agent backend with WebSockets, one file each."""
