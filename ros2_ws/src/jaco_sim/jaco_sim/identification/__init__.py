"""System identification: what a minute of recorded motion says about an arm's servos, delays and camera."""
