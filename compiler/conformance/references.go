package main

import (
	"maps"
	"regexp"
	"slices"

	v1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
)

// undeclaredParams are parameters given that nothing declares: Tekton ignores them, so it is a mistake nobody sees.
func undeclaredParams(given v1.Params, declared v1.ParamSpecs) []string {
	var out []string
	for _, param := range given {
		if !slices.ContainsFunc(declared, func(d v1.ParamSpec) bool { return d.Name == param.Name }) {
			out = append(out, param.Name)
		}
	}
	return out
}

var (
	// What must be gone from a pipeline task once the run's values are in. Results and statuses of tasks come later.
	pipelineLeftover = regexp.MustCompile(`\$\((?:params|workspaces|context)[.\[][^)]*\)`)
	// What must be gone from a step once the TaskRun's values are in.
	taskLeftover = regexp.MustCompile(`\$\((?:params|workspaces|results|context)[.\[][^)]*\)`)
)

// leftovers are the references in the texts that no substitution replaced.
func leftovers(texts []string, pattern *regexp.Regexp) []string {
	seen := map[string]bool{}
	for _, text := range texts {
		for _, reference := range pattern.FindAllString(text, -1) {
			if reference != "$(context.pipelineTask.retries)" { // replaced when the TaskRun is created
				seen[reference] = true
			}
		}
	}
	return sortedKeys(seen)
}

// pipelineTaskTexts are the texts that a pipeline task passes on.
func pipelineTaskTexts(task *v1.PipelineTask) []string {
	var out []string
	params := slices.Clone(task.Params)
	params = append(params, task.Matrix.GetAllParams()...)
	for _, param := range params {
		out = append(out, param.Value.StringVal)
		out = append(out, param.Value.ArrayVal...)
		out = append(out, slices.Collect(maps.Values(param.Value.ObjectVal))...)
	}
	for _, guard := range task.When {
		out = append(out, guard.Input)
		out = append(out, guard.Values...)
	}
	for _, use := range task.Workspaces {
		out = append(out, use.SubPath)
	}
	return out
}

// stepTexts are the texts of a step in which Tekton replaces references.
func stepTexts(step v1.Step) []string {
	out := []string{step.Name, step.Image, step.Script, step.WorkingDir}
	out = append(out, step.Command...)
	out = append(out, step.Args...)
	for _, variable := range step.Env {
		out = append(out, variable.Value)
	}
	for _, mount := range step.VolumeMounts {
		out = append(out, mount.Name, mount.MountPath, mount.SubPath)
	}
	return out
}
