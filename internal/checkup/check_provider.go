package checkup

func providerChecks() []Check { return nil }
