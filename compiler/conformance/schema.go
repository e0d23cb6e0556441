package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	schemacel "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	schemaobjectmeta "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"
)

// schemas are the CustomResourceDefinitions of some folders. They are large, so each is parsed on first use.
type schemas struct {
	files map[groupKind]*definition
}

type groupKind struct{ group, kind string }

// definition is one CustomResourceDefinition.
type definition struct {
	file string
	text []byte

	loaded   bool
	err      error
	plural   string
	versions map[string]*versionSchema
}

// versionSchema judges the objects of one served version.
type versionSchema struct {
	structural *structuralschema.Structural
	validator  validation.SchemaValidator
	cel        *schemacel.Validator
}

// The group and the kind stand at fixed depths of a definition as every generator prints it; schemas
// themselves are deeper. Reading them so avoids parsing megabytes that no document needs.
var (
	groupLine = regexp.MustCompile(`(?m)^  group: *"?([a-z0-9.-]+)"?\s*$`)
	kindLine  = regexp.MustCompile(`(?m)^    kind: *"?([A-Za-z0-9]+)"?\s*$`)
	crdLine   = regexp.MustCompile(`(?m)^kind: *"?CustomResourceDefinition"?\s*$`)
)

// openSchemas indexes the definitions of the folders; of two for one kind the first wins.
func openSchemas(dirs []string) (*schemas, error) {
	s := &schemas{files: map[groupKind]*definition{}}
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
		if err != nil {
			return nil, err
		}
		found := 0
		for _, file := range files {
			count, err := s.index(file)
			if err != nil {
				return nil, err
			}
			found += count
		}
		if found == 0 {
			return nil, fmt.Errorf("%s holds no CustomResourceDefinitions", dir)
		}
	}
	return s, nil
}

// index notes the definitions of a file, and says how many there are.
func (s *schemas) index(file string) (int, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	count := 0
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	for {
		text, err := reader.Read()
		if err != nil {
			return count, nil // the end: the bytes are in memory
		}
		if !crdLine.Match(text) {
			continue
		}
		group, kind := groupLine.FindSubmatch(text), kindLine.FindSubmatch(text)
		if group == nil || kind == nil {
			return 0, fmt.Errorf("%s: a CustomResourceDefinition without a readable group or kind", file)
		}
		count++
		at := groupKind{string(group[1]), string(kind[1])}
		if _, present := s.files[at]; !present {
			s.files[at] = &definition{file: file, text: text}
		}
	}
}

func (s *schemas) len() int { return len(s.files) }

// plural is the resource name of a kind, as RBAC rules use it.
func (s *schemas) plural(group, kind string) (string, bool) {
	d, ok := s.files[groupKind{group, kind}]
	if !ok {
		return "", false
	}
	d.load()
	return d.plural, d.plural != ""
}

// validate judges a document as the API server judges a custom resource on creation with strict
// field validation. found is false if no definition has the kind.
func (s *schemas) validate(d *document) (found bool, problems []string) {
	definition, ok := s.files[groupKind{d.group(), d.kind}]
	if !ok {
		return false, nil
	}
	definition.load()
	if definition.err != nil {
		return true, []string{fmt.Sprintf("%s: %v", filepath.Base(definition.file), definition.err)}
	}
	_, version, _ := strings.Cut(d.apiVersion, "/")
	schema, ok := definition.versions[version]
	if !ok {
		return true, []string{fmt.Sprintf("version %q is not served: %s", version, strings.Join(sortedKeys(definition.versions), ", "))}
	}
	return true, schema.validate(d.object)
}

// load parses the definition's text once.
func (d *definition) load() {
	if d.loaded {
		return
	}
	d.loaded = true
	var external apiextensionsv1.CustomResourceDefinition
	if d.err = yaml.Unmarshal(d.text, &external); d.err != nil {
		return
	}
	d.text = nil
	d.plural = external.Spec.Names.Plural
	d.versions = map[string]*versionSchema{}
	for _, version := range external.Spec.Versions {
		if !version.Served || version.Schema == nil || version.Schema.OpenAPIV3Schema == nil {
			continue
		}
		schema, err := newVersionSchema(version.Schema.OpenAPIV3Schema)
		if err != nil {
			d.err = fmt.Errorf("version %s: %w", version.Name, err)
			return
		}
		d.versions[version.Name] = schema
	}
}

func newVersionSchema(external *apiextensionsv1.JSONSchemaProps) (*versionSchema, error) {
	internal := &apiextensions.JSONSchemaProps{}
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(external, internal, nil); err != nil {
		return nil, err
	}
	structural, err := structuralschema.NewStructural(internal)
	if err != nil {
		return nil, err
	}
	validator, _, err := validation.NewSchemaValidator(internal)
	if err != nil {
		return nil, err
	}
	return &versionSchema{
		structural: structural,
		validator:  validator,
		cel:        schemacel.NewValidator(structural, true, celconfig.PerCallLimit),
	}, nil
}

// validate follows the API server: unknown fields, metadata, defaults, schema, lists, rules.
func (v *versionSchema) validate(object map[string]any) []string {
	object = runtime.DeepCopyJSON(object)
	var problems []string
	for _, path := range pruning.PruneWithOptions(object, v.structural, true, structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}) {
		problems = append(problems, fmt.Sprintf("unknown field %q", path))
	}
	err, unknown := schemaobjectmeta.CoerceWithOptions(nil, object, v.structural, true, schemaobjectmeta.CoerceOptions{ReturnUnknownFieldPaths: true})
	if err != nil {
		return append(problems, err.Error())
	}
	for _, path := range unknown {
		problems = append(problems, fmt.Sprintf("unknown field %q", path))
	}
	defaulting.PruneNonNullableNullsWithoutDefaults(object, v.structural)
	defaulting.Default(object, v.structural)
	invalid := validation.ValidateCustomResource(nil, object, v.validator)
	invalid = append(invalid, listtype.ValidateListSetsAndMaps(nil, v.structural, object)...)
	invalid = append(invalid, schemaobjectmeta.Validate(nil, object, v.structural, true)...)
	if len(invalid) == 0 && v.cel != nil {
		broken, _ := v.cel.Validate(context.Background(), nil, v.structural, object, nil, celconfig.RuntimeCELCostBudget)
		invalid = append(invalid, broken...)
	}
	for _, err := range invalid {
		problems = append(problems, err.Error())
	}
	return problems
}

// typeAt is the JSON type that the schema wants at the path: empty if it does not say.
func (s *schemas) typeAt(d *document, path []string) string {
	definition, ok := s.files[groupKind{d.group(), d.kind}]
	if !ok {
		return ""
	}
	definition.load()
	_, version, _ := strings.Cut(d.apiVersion, "/")
	schema, ok := definition.versions[version]
	if !ok {
		return ""
	}
	at := schema.structural
	for _, part := range path {
		switch {
		case at.Items != nil:
			at = at.Items
		case at.AdditionalProperties != nil && at.AdditionalProperties.Structural != nil:
			at = at.AdditionalProperties.Structural
		default:
			property, ok := at.Properties[part]
			if !ok {
				return ""
			}
			at = &property
		}
	}
	if at.XIntOrString {
		return "integer"
	}
	return at.Type
}
