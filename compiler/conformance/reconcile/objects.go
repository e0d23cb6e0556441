package reconcile

import (
	"strings"
	"time"

	v1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/selection"
)

const (
	namespace = "ns"
	runName   = "r"
)

func (v Value) param() v1.ParamValue {
	if v.Array {
		return v1.ParamValue{Type: v1.ParamTypeArray, ArrayVal: append([]string{}, v.Items...)}
	}
	return v1.ParamValue{Type: v1.ParamTypeString, StringVal: v.Text}
}

// Whether a task must declare it as an array: it is one, or a whole one takes its place.
func (v Value) arrives() v1.ParamType {
	if v.Array || strings.HasPrefix(v.Text, "$(") && strings.HasSuffix(v.Text, "[*])") {
		return v1.ParamTypeArray
	}
	return v1.ParamTypeString
}

func params(given []Given) v1.Params {
	var all v1.Params
	for _, one := range given {
		all = append(all, v1.Param{Name: one.Name, Value: one.Value.param()})
	}
	return all
}

func (t Task) pipelineTask() v1.PipelineTask {
	task := v1.PipelineTask{
		Name:     t.Name,
		TaskRef:  &v1.TaskRef{Name: t.Name, Kind: v1.NamespacedTaskKind},
		Params:   params(t.Params),
		RunAfter: t.After,
		Retries:  t.Retries,
	}
	if len(t.Matrix) > 0 {
		task.Matrix = &v1.Matrix{Params: params(t.Matrix)}
	}
	if t.GoesOn {
		task.OnError = v1.PipelineTaskContinue
	}
	for _, when := range t.When {
		operator := selection.In
		if when.Operator == "NotIn" {
			operator = selection.NotIn
		}
		task.When = append(task.When, v1.WhenExpression{Input: when.Input, Operator: operator, Values: when.Values})
	}
	return task
}

func (c Case) pipeline() *v1.Pipeline {
	spec := v1.PipelineSpec{}
	for name, value := range c.Workflow.Defaults {
		fallback := value.param()
		spec.Params = append(spec.Params, v1.ParamSpec{Name: name, Type: fallback.Type, Default: &fallback})
	}
	for _, task := range c.Workflow.Tasks {
		spec.Tasks = append(spec.Tasks, task.pipelineTask())
	}
	for _, task := range c.Workflow.Finally {
		spec.Finally = append(spec.Finally, task.pipelineTask())
	}
	for _, result := range c.Workflow.Results {
		kind := v1.ResultsTypeString
		if result.Value.arrives() == v1.ParamTypeArray {
			kind = v1.ResultsTypeArray
		}
		spec.Results = append(spec.Results, v1.PipelineResult{Name: result.Name, Type: kind, Value: result.Value.param()})
	}
	return &v1.Pipeline{ObjectMeta: metav1.ObjectMeta{Name: runName, Namespace: namespace}, Spec: spec}
}

func (c Case) tasks() []*v1.Task {
	var all []*v1.Task
	for _, task := range append(append([]Task{}, c.Workflow.Tasks...), c.Workflow.Finally...) {
		spec := v1.TaskSpec{Steps: []v1.Step{{Name: "main", Image: "image", Command: []string{"/run"}}}}
		for _, given := range task.Params {
			spec.Params = append(spec.Params, v1.ParamSpec{Name: given.Name, Type: given.Value.arrives()})
		}
		for _, given := range task.Matrix {
			spec.Params = append(spec.Params, v1.ParamSpec{Name: given.Name, Type: v1.ParamTypeString})
		}
		for _, result := range c.Declares[task.Name] {
			kind := v1.ResultsTypeString
			if result.Array {
				kind = v1.ResultsTypeArray
			}
			spec.Results = append(spec.Results, v1.TaskResult{Name: result.Name, Type: kind})
		}
		all = append(all, &v1.Task{ObjectMeta: metav1.ObjectMeta{Name: task.Name, Namespace: namespace}, Spec: spec})
	}
	return all
}

func (c Case) run() *v1.PipelineRun {
	return &v1.PipelineRun{
		ObjectMeta: metav1.ObjectMeta{Name: runName, Namespace: namespace, UID: "uid"},
		Spec: v1.PipelineRunSpec{
			PipelineRef:     &v1.PipelineRef{Name: runName},
			TaskRunTemplate: v1.PipelineTaskRunTemplate{ServiceAccountName: "account"},
			Timeouts:        &v1.TimeoutFields{Pipeline: &metav1.Duration{Duration: time.Hour}},
		},
	}
}

func account() *corev1.ServiceAccount {
	return &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "account", Namespace: namespace}}
}
