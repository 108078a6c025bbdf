from targets.main import main

main()
