package checkup

func apiChecks() []Check { return nil }
