"""The Kinova Gen3 (6 and 7 joints) and Gen3 lite behind the arm port, through Kinova's kortex_api."""
