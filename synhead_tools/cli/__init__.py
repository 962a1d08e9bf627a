"""The command line: parse, import late, call one library function by keywords, print."""
