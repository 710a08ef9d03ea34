"""What a tool call may do: allowed, asked for or denied, by rules that can be listed and tried. It runs nothing."""
