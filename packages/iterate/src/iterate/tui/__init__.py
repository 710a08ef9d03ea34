"""The program that bare `iterate` is: a loop, a state that events and keys change, and a frame that is made of it.

It prints nothing itself: what is to be seen is a value, which a painter of `terminal` compares with the screen.
"""
