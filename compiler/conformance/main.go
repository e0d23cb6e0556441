// Command conformance says whether generated manifests would be accepted: by Tekton's own
// admission and pre-pod controller checks, by the Kubernetes API types, by kustomize, and by
// the custom resource definitions in the folders given with --schemas.
//
// It prints a line for every document and exits with 1 if any is refused.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// folders collects a flag that may be given several times.
type folders []string

func (f *folders) String() string { return strings.Join(*f, ",") }

func (f *folders) Set(value string) error {
	if value == "" {
		return errors.New("an empty folder name")
	}
	*f = append(*f, value)
	return nil
}

// run is main without the process: the exit status is 0 accepted, 1 refused, 2 usage or files.
func run(args []string, out, errOut io.Writer) int {
	flags := flag.NewFlagSet("conformance", flag.ContinueOnError)
	flags.SetOutput(errOut)
	var schemaDirs folders
	flags.Var(&schemaDirs, "schemas", "folder of CustomResourceDefinitions (*.yaml); may be repeated")
	require := flags.Bool("require-schemas", false, "refuse documents whose kind has no schema")
	flags.Usage = func() {
		fmt.Fprintln(errOut, "usage: conformance [--schemas DIR]... [--require-schemas] PATH...")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if flags.NArg() == 0 {
		flags.Usage()
		return 2
	}
	schemas, err := openSchemas(schemaDirs)
	if err != nil {
		fmt.Fprintf(errOut, "conformance: %v\n", err)
		return 2
	}
	checker := &checker{schemas: schemas, requireSchemas: *require}
	documents, err := checker.check(flags.Args())
	if err != nil {
		fmt.Fprintf(errOut, "conformance: %v\n", err)
		return 2
	}
	return report(out, documents, schemas.len())
}

// report prints the lines and the summary and gives the exit status.
func report(out io.Writer, documents []*document, schemas int) int {
	var ok, refused, unchecked, unschemed int
	for _, d := range documents {
		fmt.Fprintln(out, d.line())
		if d.noSchema {
			unschemed++
		}
		switch d.status() {
		case statusRefused:
			refused++
		case statusUnchecked:
			unchecked++
		default:
			ok++
		}
	}
	fmt.Fprintf(out, "conformance: %d documents, %d ok, %d refused, %d unchecked (%d without a schema); Tekton %s, %d schemas\n",
		len(documents), ok, refused, unchecked, unschemed, tektonVersion(), schemas)
	if refused > 0 {
		return 1
	}
	return 0
}

// tektonVersion is the version of the linked Tekton module, from the build information.
func tektonVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "of unknown version"
	}
	for _, m := range info.Deps {
		if m.Path == "github.com/tektoncd/pipeline" {
			if m.Replace != nil {
				return m.Replace.Version
			}
			return m.Version
		}
	}
	return "of unknown version"
}
