"""From counts to reads per million, and to what models see."""
