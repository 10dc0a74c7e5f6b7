package checkup

func storageChecks() []Check { return nil }
