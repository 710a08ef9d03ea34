"""What the files of a project and of its person say: instructions, agents, commands, skills, hooks."""
