from reenact.cli import main

main()
