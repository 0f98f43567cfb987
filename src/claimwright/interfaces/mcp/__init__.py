"""The Model Context Protocol server: the engine's answers as tools and resources for agents."""
