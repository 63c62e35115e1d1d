"""Learning to be taken for an expert: generative adversarial imitation."""
