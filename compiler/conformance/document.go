package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

const (
	statusOK        = "ok"
	statusRefused   = "refused"
	statusUnchecked = "unchecked"
)

// document is one YAML document of a file, or one manifest embedded in a Task step.
type document struct {
	path  string // file
	index int    // from 1, within the file
	step  string // set for a manifest embedded in this step

	text   []byte         // as written, comments included
	json   []byte         // the same as JSON
	object map[string]any // the same as a generic object

	apiVersion, kind              string
	name, generateName, namespace string

	problems []string
	notes    []string
	noSchema bool // no schema was found for the kind
	verified bool // something besides the syntax was checked

	elsewhere bool // the step applies it to another cluster
}

func (d *document) refuse(format string, args ...any) {
	d.problems = append(d.problems, oneLine(fmt.Sprintf(format, args...)))
}

func (d *document) note(format string, args ...any) {
	d.notes = append(d.notes, oneLine(fmt.Sprintf(format, args...)))
}

func (d *document) status() string {
	switch {
	case len(d.problems) > 0:
		return statusRefused
	case !d.verified:
		return statusUnchecked
	default:
		return statusOK
	}
}

// where is the document's place: file, number, and step if it is embedded.
func (d *document) where() string {
	place := fmt.Sprintf("%s#%d", d.path, d.index)
	if d.step != "" {
		place += "/" + d.step
	}
	return place
}

// line is the report's line.
func (d *document) line() string {
	kind, name := d.kind, d.name
	if kind == "" {
		kind = "?"
	}
	if name == "" {
		name = d.generateName
		if name == "" {
			name = "-"
		}
	}
	line := fmt.Sprintf("%-9s %s  %s/%s", d.status(), d.where(), kind, name)
	details := d.problems
	if len(details) == 0 {
		details = d.notes
	}
	if len(details) > 0 {
		line += "  [" + strings.Join(details, "; ") + "]"
	}
	return line
}

// group is the API group: empty for the core group.
func (d *document) group() string {
	group, _, found := strings.Cut(d.apiVersion, "/")
	if !found {
		return ""
	}
	return group
}

// applyable says whether `kubectl apply` takes the document: a name is needed.
func (d *document) applyable() bool {
	return d.step == "" && d.name != "" && d.kind != "" && d.kind != "Kustomization"
}

func oneLine(text string) string {
	return strings.Join(strings.Fields(text), " ")
}

// folder holds the documents that lie in one directory: references are looked up there.
type folder struct {
	dir       string
	documents []*document
}

// readFolders reads every manifest below the paths, grouped by directory, in a stable order.
// A path that is a file is a folder of its own.
func readFolders(paths []string) ([]*folder, error) {
	var out []*folder
	for _, path := range paths {
		groups := map[string][]string{}
		err := filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if entry.Type().IsRegular() && isManifest(file) {
				dir := filepath.Dir(file)
				groups[dir] = append(groups[dir], file)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if len(groups) == 0 {
			return nil, fmt.Errorf("%s holds no manifests (*.yaml, *.yml)", path)
		}
		dirs := make([]string, 0, len(groups))
		for dir := range groups {
			dirs = append(dirs, dir)
		}
		sort.Strings(dirs)
		for _, dir := range dirs {
			sort.Strings(groups[dir])
			f := &folder{dir: dir}
			for _, file := range groups[dir] {
				docs, err := readFile(file)
				if err != nil {
					return nil, err
				}
				f.documents = append(f.documents, docs...)
			}
			out = append(out, f)
		}
	}
	return out, nil
}

// isManifest leaves out what is YAML but no Kubernetes manifest: MLflow's environment file.
func isManifest(file string) bool {
	base := filepath.Base(file)
	ext := filepath.Ext(base)
	return (ext == ".yaml" || ext == ".yml") && base != "python_env.yaml"
}

// readFile splits a file into documents the way kubectl does. Documents of comments alone are left out.
func readFile(file string) ([]*document, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	var out []*document
	for index := 1; ; {
		text, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		d := &document{path: file, index: index, text: text}
		if d.parse() {
			out = append(out, d)
			index++
		}
	}
}

// parse reads the text as strict YAML: a duplicate key is a refusal. It is false for an empty document.
func (d *document) parse() bool {
	json, err := yaml.YAMLToJSONStrict(d.text)
	if err != nil {
		d.refuse("not readable as YAML: %v", err)
		return true
	}
	if string(json) == "null" {
		return false
	}
	d.setJSON(json)
	return true
}

// setJSON reads the generic object and its identity.
func (d *document) setJSON(json []byte) {
	d.json = json
	duplicates, err := kjson.UnmarshalStrict(json, &d.object, kjson.DisallowDuplicateFields)
	if err != nil {
		d.refuse("not an object: %v", err)
		return
	}
	for _, duplicate := range duplicates {
		d.refuse("%v", duplicate)
	}
	d.apiVersion, _ = d.object["apiVersion"].(string)
	d.kind, _ = d.object["kind"].(string)
	if metadata, ok := d.object["metadata"].(map[string]any); ok {
		d.name, _ = metadata["name"].(string)
		d.generateName, _ = metadata["generateName"].(string)
		d.namespace, _ = metadata["namespace"].(string)
	}
	if d.apiVersion == "" {
		d.refuse("no apiVersion")
	}
	if d.kind == "" {
		d.refuse("no kind")
	}
}

// decode reads the document into an API type; unknown and duplicate fields are refusals.
func (d *document) decode(into any) bool {
	strict, err := kjson.UnmarshalStrict(d.json, into, kjson.DisallowUnknownFields, kjson.DisallowDuplicateFields)
	if err != nil {
		d.refuse("%v", err)
		return false
	}
	for _, problem := range strict {
		d.refuse("%v", problem)
	}
	return len(strict) == 0
}
