"""What of a progressive network its policy relies on: Fisher and perturbation sensitivity per column and layer."""
