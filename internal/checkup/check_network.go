package checkup

func networkChecks() []Check { return nil }
