package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// schemasOf gives the folder of definitions named by FUSE_SCHEMAS. Without it the tests that need
// it are skipped; set but empty or missing, they fail.
func schemasOf(t *testing.T) string {
	t.Helper()
	dir, set := os.LookupEnv("FUSE_SCHEMAS")
	if !set {
		t.Skip("FUSE_SCHEMAS is not set: the checks against CustomResourceDefinitions are left out")
	}
	if _, err := openSchemas([]string{dir}); err != nil {
		t.Fatalf("FUSE_SCHEMAS: %v", err)
	}
	return dir
}

// folderOf copies the valid folder to a temporary one, changed by the edits.
func folderOf(t *testing.T, edits ...edit) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "valid"))); err != nil {
		t.Fatal(err)
	}
	for _, e := range edits {
		file := filepath.Join(dir, e.file)
		text, err := os.ReadFile(file)
		if err != nil && e.old != "" {
			t.Fatal(err)
		}
		changed := e.new
		if e.old != "" {
			if n := strings.Count(string(text), e.old); n != 1 {
				t.Fatalf("%s: %q stands %d times, wants once", e.file, e.old, n)
			}
			changed = strings.Replace(string(text), e.old, e.new, 1)
		}
		if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// edit replaces one text of a file by another; without an old text the new one is the whole file.
type edit struct{ file, old, new string }

// conformance runs the command.
func conformance(t *testing.T, args ...string) (status int, out string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status = run(args, &stdout, &stderr)
	if stderr.Len() > 0 {
		t.Logf("stderr: %s", stderr.String())
	}
	return status, stdout.String()
}

func TestTheValidFolderPasses(t *testing.T) {
	status, out := conformance(t, folderOf(t))
	if status != 0 {
		t.Fatalf("exit status %d, wants 0\n%s", status, out)
	}
	// Without schemas the two InferenceServices are unchecked; of the Tekton documents only the schema is.
	if want := "conformance: 12 documents, 10 ok, 0 refused, 2 unchecked (6 without a schema); Tekton v1.15.0, 0 schemas"; !strings.Contains(out, want) {
		t.Errorf("wants %q in\n%s", want, out)
	}
	if want := "filled in, as the comment says: seed]"; !strings.Contains(out, want) {
		t.Errorf("wants %q in\n%s", want, out)
	}
}

func TestTheValidFolderPassesTheSchemas(t *testing.T) {
	status, out := conformance(t, "--require-schemas", "--schemas", schemasOf(t), folderOf(t))
	if status != 0 {
		t.Fatalf("exit status %d, wants 0\n%s", status, out)
	}
	if want := "12 documents, 12 ok, 0 refused, 0 unchecked (0 without a schema)"; !strings.Contains(out, want) {
		t.Errorf("wants %q in\n%s", want, out)
	}
}

func TestAMissingSchemaIsRefusedWhereSchemasAreRequired(t *testing.T) {
	status, out := conformance(t, "--require-schemas", folderOf(t))
	if want := "no schema for serving.kserve.io/v1beta1 InferenceService"; status != 1 || !strings.Contains(out, want) {
		t.Errorf("exit status %d, wants 1 and %q in\n%s", status, want, out)
	}
}

// mutant is a valid folder with one mistake.
type mutant struct {
	name     string
	edits    []edit
	document string // the kind and name of the refused document's line
	reason   string
}

// judge runs the command over the mutant and wants that line refused for that reason.
func (m mutant) judge(t *testing.T, flags ...string) {
	t.Helper()
	status, out := conformance(t, append(flags, folderOf(t, m.edits...))...)
	if status != 1 {
		t.Fatalf("exit status %d, wants 1\n%s", status, out)
	}
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, statusRefused) && strings.Contains(line, "  "+m.document+"  [") && strings.Contains(line, m.reason) {
			return
		}
	}
	t.Errorf("wants %s refused for %q in\n%s", m.document, m.reason, out)
}

func one(file, old, new string) []edit { return []edit{{file, old, new}} }

var mutants = []mutant{
	// The document alone.
	{"unknown field", one("tasks.yaml", "    image: python:3.12-slim", "    image: python:3.12-slim\n    imagePull: Always"), "Task/iris--train", `unknown field "spec.steps[0].imagePull"`},
	{"field of another case", one("tasks.yaml", "    image: python:3.12-slim", "    Image: python:3.12-slim"), "Task/iris--train", `unknown field "spec.steps[0].Image"`},
	{"duplicate key", one("tasks.yaml", "    image: python:3.12-slim", "    image: python:3.12-slim\n    image: other"), "?/-", `key "image" already set in map`},
	{"not YAML", one("deploy.canary.yaml", "kind: InferenceService", "kind: [InferenceService"), "?/-", "not readable as YAML"},
	{"no kind", one("deploy.canary.yaml", "kind: InferenceService\n", ""), "?/canary", "no kind"},
	{"boolean default", one("tasks.yaml", `default: "on"`, "default: on"), "Task/iris--train", "spec.params[1].default: not a string, but what YAML 1.1 reads as bool"},
	{"missing image", one("tasks.yaml", "    image: python:3.12-slim\n", ""), "Task/iris--train", "missing field(s): spec.steps[0].Image"},
	{"bad name", one("pipeline.iris.yaml", "- name: trained", "- name: Trained"), "Pipeline/iris", `invalid value "Trained": spec.tasks[0].name`},
	{"over-long name", one("tasks.yaml", "metadata: {name: iris--train,", "metadata: {name: iris--train-"+strings.Repeat("x", 60)+","), "Task/iris--train-" + strings.Repeat("x", 60), "length must be no more than 63 characters"},
	{"undeclared variable", one("tasks.yaml", "[--alpha, $(params.alpha)]", "[--alpha, $(params.beta)]"), "Task/iris--train", `non-existent variable in "$(params.beta)"`},
	{"alpha feature", one("tasks.yaml", "{name: alpha, type: string}", "{name: alpha, type: string, enum: [a, b]}"), "Task/iris--train", "enable-param-enum"},
	{"script and command", one("tasks.yaml", "    args: [--alpha", "    command: [sh]\n    args: [--alpha"), "Task/iris--train", "script cannot be used with command"},
	{"deprecated version", one("pipeline.iris.yaml", "tekton.dev/v1\n", "tekton.dev/v1beta1\n"), "Pipeline/iris", "deprecated version"},
	{"cyclic tasks", one("pipeline.iris.yaml", "    taskRef: {name: iris--train}", "    runAfter: [served]\n    taskRef: {name: iris--train}"), "Pipeline/iris", "cycle detected"},
	{"unbound run time", one("run.iris.yaml", "tasks: 50m0s", "tasks: 1h50m0s"), "PipelineRun/iris-", "spec.timeouts.tasks"},
	{"wildcard role", one("access.yaml", "verbs: [create, get, patch]", `verbs: ["*"]`), "Role/iris--served", "rules[0].verbs: a wildcard"},
	{"unknown field of a core kind", one("access.yaml", "automountServiceAccountToken: false", "automountToken: false"), "ServiceAccount/iris", `unknown field "automountToken"`},
	{"wrong type of a core kind", one("access.yaml", `{labels.csv: "setosa,virginica\n"}`, "{labels.csv: 1}"), "ConfigMap/iris-files", "cannot unmarshal number"},
	{"unknown metadata", one("deploy.canary.yaml", "namespace: ml}", "namespace: ml, label: {}}"), "InferenceService/canary", `metadata: unknown field "label"`},
	{"bad namespace", one("deploy.canary.yaml", "namespace: ml}", "namespace: ML_1}"), "InferenceService/canary", "metadata.namespace"},

	{"two implementations", one("deploy.canary.yaml", "    model:\n", "    sklearn: {storageUri: s3://models/iris}\n    model:\n"), "InferenceService/canary", "wants exactly one implementation, has 2: sklearn, model"},
	{"replicas the wrong way round", one("deploy.canary.yaml", "minReplicas: 1", "minReplicas: 3\n    maxReplicas: 2"), "InferenceService/canary", "3 is more than maxReplicas, 2"},
	{"scheme that no storage has", one("deploy.canary.yaml", "s3://", "ftp://"), "InferenceService/canary", `"ftp://models/iris" has none of the schemes`},
	{"name that no service may have", one("deploy.canary.yaml", "name: canary", "name: 1-canary"), "InferenceService/1-canary", `KServe: metadata.name: "1-canary"`},
	{"reserved port", []edit{{"deploy.canary.yaml", "", knativeService("9090", "")}}, "Service/canary", "Knative: invalid value: 9090 is a reserved port"},
	{"reserved variable", []edit{{"deploy.canary.yaml", "", knativeService("8080", "PORT")}}, "Service/canary", `Knative: "PORT" is a reserved environment variable`},

	// What the controller would find.
	{"dangling result", one("pipeline.iris.yaml", "value: $(tasks.trained.results.model)", "value: $(tasks.trained.results.modell)"), "PipelineRun/iris-", `"modell" is not a named result returned by pipeline task "trained"`},
	{"dangling pipeline result", one("pipeline.iris.yaml", "value: $(tasks.served.results.url)", "value: $(tasks.served.results.uri)"), "PipelineRun/iris-", `invalid pipeline result "endpoint"`},
	{"unknown task", one("pipeline.iris.yaml", "taskRef: {name: iris--train}", "taskRef: {name: iris--trian}"), "PipelineRun/iris-", `"iris--trian" not found`},
	{"unknown pipeline", one("run.iris.yaml", "pipelineRef: {name: iris}", "pipelineRef: {name: irs}"), "PipelineRun/iris-", "no accepted Pipeline irs in this folder"},
	{"missing param", one("pipeline.iris.yaml", "    - {name: run--uid, value: $(context.pipelineRun.uid)}\n", ""), "PipelineRun/iris-", "missing values for these params which have no default values: [run--uid]"},
	{"undeclared param", one("pipeline.iris.yaml", "{name: run--uid,", "{name: run--uid, value: x}\n    - {name: extra,"), "PipelineRun/iris-", "task trained gets parameters that iris--train does not declare: extra"},
	{"param of another type", one("pipeline.iris.yaml", "value: $(params.alpha)-$(params.seed)}", "value: [a, b]}"), "PipelineRun/iris-", "param types don't match the user-specified type: [alpha]"},
	{"run without a value that no comment names", one("run.iris.yaml", "# parameters without default: seed (String)\n", ""), "PipelineRun/iris-", "pipelineRun missing parameters: [seed]"},
	{"run gives an unknown param", one("run.iris.yaml", "  pipelineRef:", "  params: [{name: sede, value: \"1\"}]\n  pipelineRef:"), "PipelineRun/iris-", "does not declare: sede"},
	{"unbound workspace of the pipeline", one("run.iris.yaml", "- name: store\n    volume", "- name: shop\n    volume"), "PipelineRun/iris-", "pipeline requires workspace"},
	{"unbound workspace of the task", one("pipeline.iris.yaml", "    workspaces: [{name: store, workspace: store}]\n", ""), "PipelineRun/iris-", `declared workspace "store" is required but has not been bound`},
	{"task run spec for nobody", one("run.iris.yaml", "pipelineTaskName: served", "pipelineTaskName: serving"), "PipelineRun/iris-", `wrong taskName: "serving"`},
	{"variable that nothing replaces", one("pipeline.iris.yaml", "value: $(params.alpha)-$(params.seed)}", "value: $(params.alpha.x)}"), "PipelineRun/iris-", "nothing replaces $(params.alpha.x)"},
	{"context of another task kind", one("pipeline.iris.yaml", "$(context.pipelineRun.uid)", "$(context.pipelineRun.id)"), "PipelineRun/iris-", "nothing replaces $(context.pipelineRun.id)"},
	{"retries that no TaskRun may have", one("pipeline.iris.yaml", "    timeout: 30m0s", "    retries: -1\n    timeout: 30m0s"), "PipelineRun/iris-", "task trained: invalid value: -1 should be >= 0: spec.retries"},
	{"volume that nobody declares", one("tasks.yaml", "volumes: [{name: fuse,", "volumes: [{name: other,"), "PipelineRun/iris-", "mounts volume fuse"},
	{"request over the limit", one("tasks.yaml", "memory: 1Gi}", "memory: 3Gi}"), "PipelineRun/iris-", "requests 3Gi memory, more than its limit 2Gi"},
	{"unknown service account", one("run.iris.yaml", "taskRunTemplate: {serviceAccountName: iris}", "taskRunTemplate: {serviceAccountName: isri}"), "PipelineRun/iris-", "no ServiceAccount isri in this folder"},

	// What the folder's documents say of each other.
	{"role of nobody", one("access.yaml", "kind: Role, name: iris--served}", "kind: Role, name: iris--serving}"), "RoleBinding/iris--served", "no Role iris--serving in this folder"},
	{"subject in another namespace", one("access.yaml", "name: iris--served, namespace: ml}]", "name: iris--served, namespace: mll}]"), "RoleBinding/iris--served", "no ServiceAccount iris--served in this folder"},
	{"duplicate object", one("access.yaml", "metadata: {name: iris--served, namespace: ml}\nautomount", "metadata: {name: iris, namespace: ml}\nautomount"), "ServiceAccount/iris", "the same object is in"},
	{"unknown kustomization resource", one("kustomization.yaml", "tasks.yaml,", "tasks.yaml, triggers.yaml,"), "Kustomization/-", "triggers.yaml"},
	{"unknown kustomization field", one("kustomization.yaml", "resources:", "resource: []\nresources:"), "Kustomization/-", `unknown field "resource"`},
	{"unlisted resource", one("kustomization.yaml", "tasks.yaml,", ""), "Kustomization/-", "tasks.yaml is not listed"},

	// Manifests that steps apply.
	{"embedded manifest is no JSON", one("tasks.yaml", `--manifest={"apiVersion":`, `--manifest={"apiVersion"`), "?/-", "the manifest is not JSON"},
	{"embedded manifest twice", one("tasks.yaml", "    - --wire=1", "    - --manifest={}"), "?/-", "this one 2"},
	{"embedded text that is expanded", one("tasks.yaml", `"model":{"modelFormat"`, `"labels":{"a":"$(HOME)"},"model":{"modelFormat"`), "InferenceService/iris", `holds "$("`},
	{"hole without a place", one("tasks.yaml", "--hole=/spec/predictor/model/storageUri", "--hole=/spec/predictor/model/uri"), "InferenceService/iris", "hole /spec/predictor/model/uri: the manifest has no such place"},
	{"place without a hole", one("tasks.yaml", "    - --hole=/spec/predictor/minReplicas=replicas\n", ""), "InferenceService/iris", "/spec/predictor/minReplicas is null and no hole fills it"},
	{"hole over a value", one("tasks.yaml", `"storageUri":null`, `"storageUri":"s3://x"`), "InferenceService/iris", "the place holds string, not null"},
}

func TestMutantsAreRefused(t *testing.T) {
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) { m.judge(t) })
	}
}

func TestMutantsAreRefusedByTheSchemas(t *testing.T) {
	dir := schemasOf(t)
	for _, m := range []mutant{
		{"wrong type of a custom resource", one("deploy.canary.yaml", "minReplicas: 1", "minReplicas: one"), "InferenceService/canary", `spec.predictor.minReplicas: Invalid value: "string"`},
		{"unknown field of a custom resource", one("deploy.canary.yaml", "minReplicas: 1", "minReplica: 1"), "InferenceService/canary", `unknown field "spec.predictor.minReplica"`},
		{"missing field of a custom resource", one("deploy.canary.yaml", "modelFormat: {name: sklearn}", "modelFormat: {}"), "InferenceService/canary", "spec.predictor.model.modelFormat.name: Required value"},
		{"unknown version of a custom resource", one("deploy.canary.yaml", "v1beta1", "v1"), "InferenceService/canary", `version "v1" is not served`},
		{"unknown field of an embedded manifest", one("tasks.yaml", `"storageUri":null`, `"storageURI":"s3://x","storageUri":null`), "InferenceService/iris", `unknown field "spec.predictor.model.storageURI"`},
		{"wrong type in an embedded manifest", one("tasks.yaml", `"modelFormat":{"name":"sklearn"}`, `"modelFormat":"sklearn"`), "InferenceService/iris", "spec.predictor.model.modelFormat"},
		{"step without the right to apply", one("access.yaml", "verbs: [create, get, patch]", "verbs: [create, get]"), "PipelineRun/iris-", "ServiceAccount iris--served may not patch inferenceservices iris"},
		{"step with rights on another name", one("access.yaml", "resourceNames: [iris]", "resourceNames: [rose]"), "PipelineRun/iris-", "may not create inferenceservices iris"},
		{"step with rights in another namespace", []edit{{"access.yaml", "kind: Role\nmetadata: {name: iris--served, namespace: ml}", "kind: Role\nmetadata: {name: iris--served, namespace: front}"}, {"access.yaml", "kind: RoleBinding\nmetadata: {name: iris--served, namespace: ml}", "kind: RoleBinding\nmetadata: {name: iris--served, namespace: front}"}}, "PipelineRun/iris-", "may not create inferenceservices iris"},
	} {
		t.Run(m.name, func(t *testing.T) { m.judge(t, "--require-schemas", "--schemas", dir) })
	}
}

func TestAnApplyToAnotherClusterNeedsNoRightsHere(t *testing.T) {
	dir := folderOf(t, edit{"access.yaml", "verbs: [create, get, patch]", "verbs: [get]"}, edit{"tasks.yaml", "    - --manifest=", "    - --kubeconfig=/domain/kubeconfig\n    - --manifest="})
	if status, out := conformance(t, "--require-schemas", "--schemas", schemasOf(t), dir); status != 0 {
		t.Errorf("exit status %d, wants 0\n%s", status, out)
	}
}

// knativeService is a Knative Service with that port and, if named, a variable.
func knativeService(port, variable string) string {
	env := "[]"
	if variable != "" {
		env = "[{name: " + variable + ", value: x}]"
	}
	return "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: canary, namespace: ml}\n" +
		"spec: {template: {spec: {containers: [{image: busybox, ports: [{containerPort: " + port + "}], env: " + env + "}]}}}\n"
}

func TestAKnativeServicePasses(t *testing.T) {
	dir := folderOf(t, edit{"deploy.canary.yaml", "", knativeService("8080", "MODE")})
	if status, out := conformance(t, dir); status != 0 || !strings.Contains(out, "Service/canary") {
		t.Errorf("exit status %d, wants 0\n%s", status, out)
	}
}

func TestAPipelineThatNoRunStartsIsFollowedToo(t *testing.T) {
	dir := folderOf(t, edit{"pipeline.iris.yaml", "value: $(tasks.trained.results.model)", "value: $(tasks.trained.results.modell)"})
	if err := os.Remove(filepath.Join(dir, "run.iris.yaml")); err != nil {
		t.Fatal(err)
	}
	status, out := conformance(t, dir)
	if want := `"modell" is not a named result returned by pipeline task "trained"`; status != 1 || !strings.Contains(out, want) {
		t.Errorf("exit status %d, wants 1 and %q in\n%s", status, want, out)
	}
}

func TestAFannedOutTaskPasses(t *testing.T) {
	fan := "  - name: parts\n    taskRef: {name: iris--part}\n    matrix: {params: [{name: part, value: \"$(tasks.trained.results.parts[*])\"}]}\n  results:"
	task := "---\napiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: iris--part, namespace: ml}\nspec:\n" +
		"  params: [{name: part, type: string}]\n  steps: [{name: main, image: busybox, args: [\"$(params.part)\"]}]\n"
	tasks, err := os.ReadFile(filepath.Join("testdata", "valid", "tasks.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	dir := folderOf(t, edit{"pipeline.iris.yaml", "  results:", fan}, edit{"tasks.yaml", "", string(tasks) + task})
	if status, out := conformance(t, dir); status != 0 {
		t.Errorf("exit status %d, wants 0\n%s", status, out)
	}
	dir = folderOf(t, edit{"pipeline.iris.yaml", "  results:", strings.Replace(fan, "name: part,", "name: prt,", 1)}, edit{"tasks.yaml", "", string(tasks) + task})
	status, out := conformance(t, dir)
	if want := "missing values for these params which have no default values: [part]"; status != 1 || !strings.Contains(out, want) {
		t.Errorf("exit status %d, wants 1 and %q in\n%s", status, want, out)
	}
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
	}{
		{"no path", nil},
		{"missing path", []string{filepath.Join(t.TempDir(), "nothing")}},
		{"folder without manifests", []string{t.TempDir()}},
		{"folder without schemas", []string{"--schemas", t.TempDir(), "testdata/valid"}},
		{"unknown flag", []string{"--strict", "testdata/valid"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if status, out := conformance(t, c.args...); status != 2 || out != "" {
				t.Errorf("exit status %d, wants 2 and no report\n%s", status, out)
			}
		})
	}
}
