package main

import (
	"archive/zip"
	"io/fs"
	"os"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptUnpack writes what a zip file holds into a new folder: unpack FILE FOLDER
func scriptUnpack(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: unpack FILE FOLDER")
	}
	archive, err := zip.OpenReader(ts.MkAbs(args[0]))
	ts.Check(err)
	defer archive.Close()
	ts.Check(os.CopyFS(ts.MkAbs(args[1]), fs.FS(archive)))
}
