"""What disruptions mean for people: measures over time, in words, as tables and as maps."""
