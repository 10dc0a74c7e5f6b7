package checkup

func tokenChecks() []Check { return nil }
