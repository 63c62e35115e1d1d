"""What is asked of the arm: tasks, rewards, success and termination."""
