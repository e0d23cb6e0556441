package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	v1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	"github.com/tektoncd/pipeline/pkg/reconciler/taskrun"
	taskresources "github.com/tektoncd/pipeline/pkg/reconciler/taskrun/resources"
	"github.com/tektoncd/pipeline/pkg/workspace"
	corev1 "k8s.io/api/core/v1"
	"knative.dev/pkg/apis"
)

// checkTaskRunOf judges a TaskRun of the folder against its Task.
func checkTaskRunOf(o *objects, run kept[*v1.TaskRun]) {
	spec, name := run.object.Spec.TaskSpec, ""
	if ref := run.object.Spec.TaskRef; ref != nil && ref.Resolver == "" {
		task, ok := o.tasks[key{run.object.Namespace, ref.Name}]
		if !ok {
			run.document.refuse("taskRef: no accepted Task %s in this folder", ref.Name)
			return
		}
		spec, name = &task.object.Spec, ref.Name
	}
	if spec == nil {
		run.document.note("its task comes from a resolver and was not followed")
		return
	}
	resolved := &taskresources.ResolvedTask{TaskName: name, Kind: v1.NamespacedTaskKind, TaskSpec: spec.DeepCopy()}
	for _, problem := range taskRunProblems(defaultFlags().context(), run.object.DeepCopy(), resolved) {
		run.document.refuse("controller: %s", problem)
	}
	checkAccount(run.document, o, run.object.Namespace, run.object.Spec.ServiceAccountName, "serviceAccountName")
}

// taskRunProblems is what the webhook says of a TaskRun and the controller before it makes the pod.
func taskRunProblems(ctx context.Context, run *v1.TaskRun, task *taskresources.ResolvedTask) []string {
	var problems []string
	add := func(err error) {
		if err != nil {
			problems = append(problems, oneLine(err.Error()))
		}
	}
	creating := apis.WithinCreate(ctx)
	run.SetDefaults(creating)
	if err := run.Validate(creating); err != nil {
		add(err)
		return problems
	}
	spec := task.TaskSpec
	spec.SetDefaults(ctx)
	add(taskrun.ValidateResolvedTask(ctx, run.Spec.Params, &v1.Matrix{}, task))
	add(taskrun.ValidateEnumParam(ctx, run.Spec.Params, spec.Params))
	add(taskresources.ValidateParamArrayIndex(spec, run.Spec.Params))
	add(workspace.ValidateBindings(ctx, spec.Workspaces, run.Spec.Workspaces))
	add(workspace.ValidateOnlyOnePVCIsUsed(run.Spec.Workspaces))
	for _, override := range run.Spec.StepSpecs {
		if !slices.ContainsFunc(spec.Steps, func(s v1.Step) bool { return s.Name == override.Name }) {
			problems = append(problems, fmt.Sprintf("stepSpecs name a step %s that the Task does not have", override.Name))
		}
	}
	for _, override := range run.Spec.SidecarSpecs {
		if !slices.ContainsFunc(spec.Sidecars, func(s v1.Sidecar) bool { return s.Name == override.Name }) {
			problems = append(problems, fmt.Sprintf("sidecarSpecs name a sidecar %s that the Task does not have", override.Name))
		}
	}
	if len(problems) > 0 {
		return problems
	}
	return append(podProblems(ctx, run, task), problems...)
}

// podProblems replaces the variables of a Task's steps as the controller does and looks at what the pod would hold.
func podProblems(ctx context.Context, run *v1.TaskRun, task *taskresources.ResolvedTask) []string {
	var problems []string
	volumes := workspace.CreateVolumes(run.Spec.Workspaces)
	spec := taskresources.ApplyParameters(task.TaskSpec, run, task.TaskSpec.Params...)
	spec = taskresources.ApplyContexts(spec, task.TaskName, run)
	spec = taskresources.ApplyResults(spec)
	spec = taskresources.ApplyWorkspaces(ctx, spec, task.TaskSpec.Workspaces, run.Spec.Workspaces, volumes)
	for _, step := range spec.Steps {
		if left := leftovers(stepTexts(step), taskLeftover); len(left) > 0 {
			problems = append(problems, fmt.Sprintf("step %s: nothing replaces %s", step.Name, strings.Join(left, ", ")))
		}
	}
	return append(problems, containerProblems(spec)...)
}

// containerProblems are those that Kubernetes finds only in the pod.
func containerProblems(spec *v1.TaskSpec) []string {
	var problems []string
	say := func(step, format string, args ...any) {
		problems = append(problems, fmt.Sprintf("step %s: ", step)+fmt.Sprintf(format, args...))
	}
	volumes := map[string]bool{}
	for _, volume := range spec.Volumes {
		volumes[volume.Name] = true
	}
	prefixes := map[string]string{}
	for _, step := range spec.Steps {
		// Containers are named step-NAME, cut at 63 characters.
		cut := step.Name
		if len(cut) > 58 {
			cut = cut[:58]
		}
		if other, clash := prefixes[cut]; clash && cut != "" {
			say(step.Name, "its container would have the name of %s's", other)
		}
		prefixes[cut] = step.Name
		mounted := map[string]bool{}
		mounts := slices.Clone(step.VolumeMounts)
		if spec.StepTemplate != nil {
			mounts = append(mounts, spec.StepTemplate.VolumeMounts...)
		}
		for _, mount := range mounts {
			if !volumes[mount.Name] && !strings.Contains(mount.Name, "$(") && !strings.HasPrefix(mount.Name, "ws-") {
				say(step.Name, "mounts volume %s, which the Task does not declare", mount.Name)
			}
			if mounted[mount.MountPath] {
				say(step.Name, "mounts two volumes at %s", mount.MountPath)
			}
			mounted[mount.MountPath] = true
		}
		limits := corev1.ResourceList{}
		if spec.StepTemplate != nil {
			maps.Copy(limits, spec.StepTemplate.ComputeResources.Limits)
		}
		maps.Copy(limits, step.ComputeResources.Limits)
		for _, name := range sortedKeysOf(step.ComputeResources.Requests) {
			request := step.ComputeResources.Requests[name]
			if limit, ok := limits[name]; ok && limit.Cmp(request) < 0 {
				say(step.Name, "requests %s %s, more than its limit %s", request.String(), name, limit.String())
			}
		}
		for _, variable := range step.Env {
			if variable.Name == "" || strings.ContainsAny(variable.Name, "=\x00") {
				say(step.Name, "%q is no name of an environment variable", variable.Name)
			}
		}
	}
	return problems
}
