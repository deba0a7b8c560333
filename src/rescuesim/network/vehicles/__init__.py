"""What makes travel times: profiles of vehicles, hour and weather, grade, speeding up."""
