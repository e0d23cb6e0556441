package main

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	v1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	"github.com/tektoncd/pipeline/pkg/apis/pipeline/v1beta1"
	"github.com/tektoncd/pipeline/pkg/reconciler/pipeline/dag"
	"github.com/tektoncd/pipeline/pkg/reconciler/pipelinerun/resources"
	"github.com/tektoncd/pipeline/pkg/reconciler/taskrun"
	"github.com/tektoncd/pipeline/pkg/trustedresources"
	corev1 "k8s.io/api/core/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// checkPipelines takes every PipelineRun, and every Pipeline that no run of the folder starts, through
// what Tekton's controller checks before the first pod: with the controller's own functions, in its order.
func checkPipelines(o *objects, schemas *schemas) {
	started := map[key]bool{}
	for _, run := range o.pipelineRuns {
		spec := run.object.Spec.PipelineSpec
		if ref := run.object.Spec.PipelineRef; ref != nil && ref.Resolver == "" {
			at := key{run.object.Namespace, ref.Name}
			pipeline, ok := o.pipelines[at]
			if !ok {
				run.document.refuse("pipelineRef: no accepted Pipeline %s in this folder", ref.Name)
				continue
			}
			started[at] = true
			spec = &pipeline.object.Spec
		}
		if spec == nil {
			run.document.note("its pipeline comes from a resolver and was not followed")
			continue
		}
		dry := &dryRun{objects: o, schemas: schemas, document: run.document, run: run.object.DeepCopy(), spec: spec.DeepCopy()}
		dry.fillParams(commentsOf(run.document))
		dry.fillFolders(commentsOf(run.document))
		dry.check()
	}
	for _, at := range sortedKeysOf(o.pipelines) {
		if started[at] {
			continue
		}
		pipeline := o.pipelines[at]
		dry := &dryRun{objects: o, schemas: schemas, document: pipeline.document, spec: pipeline.object.Spec.DeepCopy(), synthetic: true}
		dry.run = plausibleRun(pipeline.object)
		dry.fillParams(nil)
		dry.check()
	}
	for _, run := range o.taskRuns {
		checkTaskRunOf(o, run)
	}
}

// plausibleRun starts a Pipeline with an empty directory for every workspace.
func plausibleRun(pipeline *v1.Pipeline) *v1.PipelineRun {
	run := &v1.PipelineRun{
		ObjectMeta: metav1.ObjectMeta{Name: "run", Namespace: pipeline.Namespace},
		Spec:       v1.PipelineRunSpec{PipelineRef: &v1.PipelineRef{Name: pipeline.Name}},
	}
	for _, declared := range pipeline.Spec.Workspaces {
		run.Spec.Workspaces = append(run.Spec.Workspaces, v1.WorkspaceBinding{Name: declared.Name, EmptyDir: &corev1.EmptyDirVolumeSource{}})
	}
	return run
}

// dryRun is one run of a pipeline up to its TaskRuns.
type dryRun struct {
	objects   *objects
	schemas   *schemas
	document  *document
	run       *v1.PipelineRun
	spec      *v1.PipelineSpec
	synthetic bool // the run stands for any: nothing in the folder starts this pipeline
}

func (r *dryRun) refuse(format string, args ...any) {
	r.document.refuse("controller: "+format, args...)
}

// check follows the controller's reconcile until it would create TaskRuns. The first refusal ends it, as there.
func (r *dryRun) check() {
	ctx := defaultFlags().context()
	r.run.SetDefaults(ctx)
	r.spec.SetDefaults(ctx)
	if err := r.beforeSubstitution(ctx); err != nil {
		r.refuse("%v", err)
		return
	}
	if undeclared := undeclaredParams(r.run.Spec.Params, r.spec.Params); len(undeclared) > 0 {
		r.refuse("the run gives parameters that the pipeline does not declare: %s", strings.Join(undeclared, ", "))
	}
	r.checkAccounts()
	resources.ApplyParametersToWorkspaceBindings(r.run)
	spec, err := resources.ApplyParameters(r.spec, r.run)
	if err != nil {
		r.refuse("%v", err)
		return
	}
	spec = resources.ApplyContexts(spec, r.pipelineName(), r.run)
	spec = resources.ApplyWorkspaces(spec, r.run)
	state, err := r.resolve(ctx, spec)
	if err != nil {
		r.refuse("%v", err)
		return
	}
	if err := afterResolution(ctx, spec, state); err != nil {
		r.refuse("%v", err)
		return
	}
	for _, task := range state {
		r.checkTask(ctx, task)
	}
}

func (r *dryRun) pipelineName() string {
	if r.run.Spec.PipelineRef != nil {
		return r.run.Spec.PipelineRef.Name
	}
	return r.run.Name
}

// beforeSubstitution is the first half of the controller's validation.
func (r *dryRun) beforeSubstitution(ctx context.Context) error {
	if _, err := dag.Build(v1.PipelineTaskList(r.spec.Tasks), v1.PipelineTaskList(r.spec.Tasks).Deps()); err != nil {
		return err
	}
	if _, err := dag.Build(v1.PipelineTaskList(r.spec.Finally), map[string][]string{}); err != nil {
		return err
	}
	if err := r.spec.Validate(ctx); err != nil {
		return err
	}
	if err := resources.ValidateRequiredParametersProvided(&r.spec.Params, &r.run.Spec.Params); err != nil {
		return err
	}
	if err := resources.ValidateParamTypesMatching(r.spec, r.run); err != nil {
		return err
	}
	if err := taskrun.ValidateEnumParam(ctx, r.run.Spec.Params, r.spec.Params); err != nil {
		return err
	}
	if err := resources.ValidateObjectParamRequiredKeys(r.spec.Params, r.run.Spec.Params); err != nil {
		return err
	}
	if err := resources.ValidateParamArrayIndex(r.spec, r.run.Spec.Params); err != nil {
		return err
	}
	if err := resources.ValidateWorkspaceBindings(r.spec, r.run); err != nil {
		return err
	}
	return resources.ValidateTaskRunSpecs(r.spec, r.run)
}

// resolve finds the Task of every pipeline task in the folder.
func (r *dryRun) resolve(ctx context.Context, spec *v1.PipelineSpec) (resources.PipelineRunState, error) {
	notFound := func(resource, name string) error {
		return kerrors.NewNotFound(schema.GroupResource{Group: "tekton.dev", Resource: resource}, name)
	}
	getTask := func(_ context.Context, name string) (*v1.Task, *v1.RefSource, *trustedresources.VerificationResult, error) {
		found, ok := r.objects.tasks[key{r.run.Namespace, name}]
		if !ok {
			return nil, nil, nil, notFound("tasks", name)
		}
		return found.object.DeepCopy(), nil, nil, nil
	}
	getPipeline := func(_ context.Context, name string) (*v1.Pipeline, *v1.RefSource, *trustedresources.VerificationResult, error) {
		found, ok := r.objects.pipelines[key{r.run.Namespace, name}]
		if !ok {
			return nil, nil, nil, notFound("pipelines", name)
		}
		return found.object.DeepCopy(), nil, nil, nil
	}
	state := resources.PipelineRunState{}
	for _, task := range slices.Concat(spec.Tasks, spec.Finally) {
		if task.TaskRef != nil && task.TaskRef.Resolver != "" {
			r.document.note("task %s comes from a resolver and was not followed: it is taken to be as it is called", task.Name)
			task.TaskSpec = &v1.EmbeddedTask{TaskSpec: assumed(&task, spec)}
			task.TaskRef = nil
		}
		resolved, err := resources.ResolvePipelineTask(ctx, *r.run,
			func(name string) (*v1.PipelineRun, error) { return nil, notFound("pipelineruns", name) },
			getPipeline, getTask,
			func(name string) (*v1.TaskRun, error) { return nil, notFound("taskruns", name) },
			func(name string) (*v1beta1.CustomRun, error) { return nil, notFound("customruns", name) },
			task, state)
		if err != nil {
			return nil, err
		}
		state = append(state, resolved)
	}
	return state, nil
}

// afterResolution is the second half of the controller's validation.
func afterResolution(ctx context.Context, spec *v1.PipelineSpec, state resources.PipelineRunState) error {
	for _, task := range state {
		if task.IsCustomTask() || task.IsChildPipeline() {
			continue
		}
		if err := taskrun.ValidateResolvedTask(ctx, task.PipelineTask.Params, task.PipelineTask.Matrix, task.ResolvedTask); err != nil {
			return fmt.Errorf("task %s: %w", task.PipelineTask.Name, err)
		}
	}
	for _, task := range state {
		if err := task.EvaluateCEL(); err != nil {
			return err
		}
	}
	if err := resources.ValidatePipelineTaskResults(state); err != nil {
		return err
	}
	if err := resources.ValidatePipelineResults(spec, state); err != nil {
		return err
	}
	if err := resources.ValidateParameterTypesInMatrix(state); err != nil {
		return err
	}
	return resources.ValidateOptionalWorkspaces(spec.Workspaces, state)
}

// checkAccounts wants the ServiceAccounts that the run names.
func (r *dryRun) checkAccounts() {
	if r.synthetic {
		return
	}
	checkAccount(r.document, r.objects, r.run.Namespace, r.run.Spec.TaskRunTemplate.ServiceAccountName, "taskRunTemplate.serviceAccountName")
	for i, spec := range r.run.Spec.TaskRunSpecs {
		checkAccount(r.document, r.objects, r.run.Namespace, spec.ServiceAccountName, fmt.Sprintf("taskRunSpecs[%d].serviceAccountName", i))
	}
}

// checkTask makes the TaskRun that the controller would create, and judges it as webhook and controller do.
func (r *dryRun) checkTask(ctx context.Context, task *resources.ResolvedPipelineTask) {
	if task.IsCustomTask() || task.IsChildPipeline() {
		return
	}
	name := task.PipelineTask.Name
	if left := leftovers(pipelineTaskTexts(task.PipelineTask), pipelineLeftover); len(left) > 0 {
		r.refuse("task %s: nothing replaces %s", name, strings.Join(left, ", "))
	}
	passed := slices.Clone(task.PipelineTask.Params)
	passed = append(passed, task.PipelineTask.Matrix.GetAllParams()...)
	if undeclared := undeclaredParams(passed, task.ResolvedTask.TaskSpec.Params); len(undeclared) > 0 && task.PipelineTask.TaskRef != nil {
		r.refuse("task %s gets parameters that %s does not declare: %s", name, task.ResolvedTask.TaskName, strings.Join(undeclared, ", "))
	}
	bindings, err := r.bindings(task.PipelineTask)
	if err != nil {
		r.refuse("%v", err)
		return
	}
	settings := r.run.GetTaskRunSpec(name)
	run := &v1.TaskRun{
		ObjectMeta: metav1.ObjectMeta{Name: "run-" + name, Namespace: r.run.Namespace},
		Spec: v1.TaskRunSpec{
			Retries:            task.PipelineTask.Retries,
			Timeout:            task.PipelineTask.Timeout,
			Params:             instanceParams(passed, task),
			ServiceAccountName: settings.ServiceAccountName,
			PodTemplate:        settings.PodTemplate,
			StepSpecs:          settings.StepSpecs,
			SidecarSpecs:       settings.SidecarSpecs,
			ComputeResources:   settings.ComputeResources,
			Workspaces:         bindings,
		},
	}
	if len(run.Name) > 63 {
		run.Name = run.Name[:63] // the controller hashes long names
	}
	if task.ResolvedTask.TaskName != "" {
		run.Spec.TaskRef = task.PipelineTask.TaskRef
	} else {
		run.Spec.TaskSpec = task.ResolvedTask.TaskSpec
	}
	for _, problem := range taskRunProblems(ctx, run, task.ResolvedTask) {
		r.refuse("task %s: %s", name, problem)
	}
	r.checkRights(task, run.Spec.ServiceAccountName)
}

// instanceParams are the parameters of one TaskRun: one value of each that is fanned out, and something
// plausible where a list or an object comes whole from another task's result.
func instanceParams(params v1.Params, task *resources.ResolvedPipelineTask) v1.Params {
	fanned := map[string]bool{}
	if matrix := task.PipelineTask.Matrix; matrix != nil {
		for _, param := range matrix.Params {
			fanned[param.Name] = true
		}
	}
	declared := map[string]v1.ParamSpec{}
	for _, param := range task.ResolvedTask.TaskSpec.Params {
		declared[param.Name] = param
	}
	seen := map[string]bool{}
	var out v1.Params
	for _, param := range params {
		if seen[param.Name] {
			continue
		}
		seen[param.Name] = true
		spec := declared[param.Name]
		late := param.Value.Type == v1.ParamTypeString && spec.Type != v1.ParamTypeString && spec.Type != "" &&
			v1.VariableSubstitutionRegex.MatchString(param.Value.StringVal)
		if fanned[param.Name] || late {
			param.Value = plausible(spec)
		}
		out = append(out, param)
	}
	return out
}

// bindings are the workspaces that the TaskRun gets from the run.
func (r *dryRun) bindings(task *v1.PipelineTask) ([]v1.WorkspaceBinding, error) {
	var out []v1.WorkspaceBinding
	for _, use := range task.Workspaces {
		name := use.Workspace
		if name == "" {
			name = use.Name
		}
		given := slices.IndexFunc(r.run.Spec.Workspaces, func(b v1.WorkspaceBinding) bool { return b.Name == name })
		if given < 0 {
			declared := slices.IndexFunc(r.spec.Workspaces, func(w v1.PipelineWorkspaceDeclaration) bool { return w.Name == name })
			if declared >= 0 && r.spec.Workspaces[declared].Optional {
				continue
			}
			return nil, fmt.Errorf("task %s: the run binds no workspace %s", task.Name, name)
		}
		binding := *r.run.Spec.Workspaces[given].DeepCopy()
		binding.Name = use.Name
		binding.SubPath = path.Join(binding.SubPath, use.SubPath)
		if binding.VolumeClaimTemplate != nil {
			binding.VolumeClaimTemplate = nil
			binding.PersistentVolumeClaim = &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "pvc-" + name}
		}
		out = append(out, binding)
	}
	return out, nil
}

// checkRights wants the rights of an apply step in the Roles of the ServiceAccount that it runs under.
func (r *dryRun) checkRights(task *resources.ResolvedPipelineTask, account string) {
	found, ok := r.objects.tasks[key{r.run.Namespace, task.ResolvedTask.TaskName}]
	if !ok || r.synthetic {
		return
	}
	for _, manifest := range r.objects.embedded[found.document] {
		resource, known := r.schemas.plural(manifest.group(), manifest.kind)
		if !known || manifest.elsewhere {
			continue
		}
		for _, verb := range []string{"create", "get", "patch"} {
			if !r.objects.allowed(key{r.run.Namespace, account}, verb, manifest.group(), resource, key{manifest.namespace, manifest.name}) {
				r.refuse("task %s: ServiceAccount %s may not %s %s %s", task.PipelineTask.Name, account, verb, resource, manifest.name)
			}
		}
	}
}
