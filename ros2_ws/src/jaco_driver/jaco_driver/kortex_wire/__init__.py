"""The wire of Kinova's Kortex API: frames, messages, functions and codes. Numbers are facts of the protocol, kept as tables.

Sources: the messages and functions that Kinova publishes (Kinovarobotics/ros_kortex, kortex_driver/protos) and the frames that
kortex_api 2.6.0 sends and reads. Nothing here moves an arm: this is what a base and its clients agree upon.
"""
