package reconcile

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/tektoncd/pipeline/pkg/apis/pipeline"
	v1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	"github.com/tektoncd/pipeline/pkg/reconciler/pipelinerun"
	"github.com/tektoncd/pipeline/pkg/reconciler/taskrun"
	ttesting "github.com/tektoncd/pipeline/pkg/reconciler/testing"
	"github.com/tektoncd/pipeline/pkg/result"
	"github.com/tektoncd/pipeline/test"
	"go.uber.org/zap"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"knative.dev/pkg/apis"
	cminformer "knative.dev/pkg/configmap/informer"
	"knative.dev/pkg/controller"
	"knative.dev/pkg/logging"
	kreconciler "knative.dev/pkg/reconciler"
	"knative.dev/pkg/system"

	_ "github.com/tektoncd/pipeline/pkg/pipelinerunmetrics/fake"
	_ "github.com/tektoncd/pipeline/pkg/taskrunmetrics/fake"
	_ "knative.dev/pkg/system/testing"
)

// cluster is Tekton's two controllers over fake clients.
type cluster struct {
	ctx       context.Context
	clients   test.Clients
	pipelines kreconciler.LeaderAware
	tasks     kreconciler.LeaderAware
}

func newCluster(t *testing.T, c Case) *cluster {
	t.Helper()
	ctx, _ := ttesting.SetupFakeContext(t)
	ctx = logging.WithLogger(ctx, zap.NewNop().Sugar())
	ctx, cancel := context.WithCancel(ctx)
	t.Cleanup(cancel)
	data := test.Data{
		Pipelines:       []*v1.Pipeline{c.pipeline()},
		Tasks:           c.tasks(),
		PipelineRuns:    []*v1.PipelineRun{c.run()},
		ServiceAccounts: []*corev1.ServiceAccount{account()},
	}
	for _, object := range data.Tasks {
		object.SetDefaults(ctx)
	}
	data.Pipelines[0].SetDefaults(ctx)
	if err := data.Pipelines[0].Validate(ctx); err != nil {
		t.Fatalf("%s: Tekton refuses the pipeline: %v", c.Name, err)
	}
	test.EnsureConfigurationConfigMapsExist(&data)
	clients, _ := test.SeedTestData(t, ctx, data)
	watcher := cminformer.NewInformedWatcher(clients.Kube, system.Namespace())
	options := pipeline.Options{Images: pipeline.Images{
		EntrypointImage: "entrypoint", NopImage: "nop", ShellImage: "shell", WorkingDirInitImage: "workdir",
	}}
	promoted := func(controller *controller.Impl) kreconciler.LeaderAware {
		aware := controller.Reconciler.(kreconciler.LeaderAware)
		if err := aware.Promote(kreconciler.UniversalBucket(), func(kreconciler.Bucket, types.NamespacedName) {}); err != nil {
			t.Fatal(err)
		}
		return aware
	}
	all := &cluster{
		ctx:       ctx,
		clients:   clients,
		pipelines: promoted(pipelinerun.NewController(&options, clock.RealClock{})(ctx, watcher)),
		tasks:     promoted(taskrun.NewController(&options, clock.RealClock{})(ctx, watcher)),
	}
	if err := watcher.Start(ctx.Done()); err != nil {
		t.Fatal(err)
	}
	return all
}

// run drives the case to its end.
func (c *cluster) run(t *testing.T, one Case) Run {
	t.Helper()
	ends := one.Ends
	for {
		c.reconcile(c.pipelines, runName)
		run := c.pipelineRun(t)
		running := c.runningTasks(t)
		if !run.Status.GetCondition(apis.ConditionSucceeded).IsUnknown() || len(running) == 0 {
			if len(ends) > 0 {
				t.Errorf("%s: the run is over, and the simulator goes on with %s", one.Name, ends[0].Task)
			}
			return c.result(t, one, run)
		}
		for name := range running {
			c.reconcile(c.tasks, name)
		}
		if len(ends) == 0 {
			t.Fatalf("%s: %d tasks still run, and for the simulator the run is over", one.Name, len(running))
		}
		end := ends[0]
		ends = ends[1:]
		name, ok := find(running, end)
		if !ok {
			t.Fatalf("%s: %s %d does not run", one.Name, end.Task, end.Instance)
		}
		c.endPod(t, name, end)
		c.reconcile(c.tasks, name)
	}
}

// reconcile calls a reconciler; its errors show in the condition of the run, or leave it as it is.
func (c *cluster) reconcile(with kreconciler.LeaderAware, name string) {
	_ = with.(controller.Reconciler).Reconcile(c.ctx, namespace+"/"+name)
}

func (c *cluster) pipelineRun(t *testing.T) *v1.PipelineRun {
	t.Helper()
	run, err := c.clients.Pipeline.TektonV1().PipelineRuns(namespace).Get(c.ctx, runName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func (c *cluster) taskRuns(t *testing.T) []v1.TaskRun {
	t.Helper()
	list, err := c.clients.Pipeline.TektonV1().TaskRuns(namespace).List(c.ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return list.Items
}

// runningTasks has the task runs that are not done, with their pipeline tasks.
func (c *cluster) runningTasks(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, run := range c.taskRuns(t) {
		if !run.IsDone() {
			all[run.Name] = run.Labels[pipeline.PipelineTaskLabelKey]
		}
	}
	return all
}

// find gives the name of the task run of an instance: the only one, or the one with its number.
func find(running map[string]string, end End) (string, bool) {
	for name, task := range running {
		if task != end.Task {
			continue
		}
		number := strings.TrimPrefix(strings.TrimPrefix(name, runName+"-"+task), "-")
		instance, err := strconv.Atoi(number)
		if number == "" {
			instance, err = 0, nil
		}
		if err == nil && instance == end.Instance {
			return name, true
		}
	}
	return "", false
}

// endPod lets the pod of a task run end as its case says.
func (c *cluster) endPod(t *testing.T, name string, end End) {
	t.Helper()
	run, err := c.clients.Pipeline.TektonV1().TaskRuns(namespace).Get(c.ctx, name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	pods := c.clients.Kube.CoreV1().Pods(namespace)
	pod, err := pods.Get(c.ctx, run.Status.PodName, metav1.GetOptions{})
	if err != nil {
		t.Fatalf("the pod of %s: %v (%v)", name, err, run.Status.Conditions)
	}
	var written []result.RunResult
	for key, value := range end.Results {
		text := value.Text
		if value.Array {
			items, err := json.Marshal(value.Items)
			if err != nil {
				t.Fatal(err)
			}
			text = string(items)
		}
		written = append(written, result.RunResult{Key: key, Value: text, ResultType: result.TaskRunResultType})
	}
	message, err := json.Marshal(written)
	if err != nil {
		t.Fatal(err)
	}
	ended := &corev1.ContainerStateTerminated{Message: string(message)}
	pod.Status.Phase = corev1.PodSucceeded
	if !end.Succeeded {
		ended.ExitCode = 1
		pod.Status.Phase = corev1.PodFailed
	}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: "step-main", State: corev1.ContainerState{Terminated: ended},
	}}
	if _, err := pods.UpdateStatus(c.ctx, pod, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}

var skips = map[v1.SkippingReason]string{
	v1.WhenExpressionsSkip:      "Skipped(When)",
	v1.ParentTasksSkip:          "Skipped(Parent)",
	v1.MissingResultsSkip:       "Skipped(MissingResults)",
	v1.StoppingSkip:             "Skipped(Stopping)",
	v1.EmptyArrayInMatrixParams: "Skipped(EmptyMatrix)",
}

// result tells what became of the run in the simulator's words.
func (c *cluster) result(t *testing.T, one Case, run *v1.PipelineRun) Run {
	t.Helper()
	out := Run{Tasks: map[string]string{}, Results: map[string]Value{}}
	for _, task := range append(append([]Task{}, one.Workflow.Tasks...), one.Workflow.Finally...) {
		out.Tasks[task.Name] = "None"
	}
	condition := run.Status.GetCondition(apis.ConditionSucceeded)
	out.Condition = condition.Reason
	if condition.IsUnknown() {
		out.Condition = "Hung"
	}
	// What a run that hangs says of skipped tasks is only what it saw last.
	for _, skipped := range run.Status.SkippedTasks {
		if out.Condition != "Hung" {
			out.Tasks[skipped.Name] = skips[skipped.Reason]
		}
	}
	for _, task := range c.taskRuns(t) {
		name := task.Labels[pipeline.PipelineTaskLabelKey]
		switch {
		case task.IsSuccessful() && out.Tasks[name] != "Failed":
			out.Tasks[name] = "Succeeded"
		case task.IsFailure():
			out.Tasks[name] = "Failed"
		}
	}
	for _, written := range run.Status.Results {
		value := Value{Text: written.Value.StringVal}
		if written.Value.Type == v1.ParamTypeArray {
			value = Value{Items: written.Value.ArrayVal, Array: true}
		}
		out.Results[written.Name] = value
	}
	return out
}

// String shows a run for messages, the same for the same run.
func (r Run) String() string {
	names := make([]string, 0, len(r.Tasks))
	for name := range r.Tasks {
		names = append(names, name)
	}
	sort.Strings(names)
	var out strings.Builder
	for _, name := range names {
		fmt.Fprintf(&out, "  %s: %s\n", name, r.Tasks[name])
	}
	results, err := json.Marshal(r.Results)
	if err != nil {
		return err.Error()
	}
	fmt.Fprintf(&out, "  condition: %s\n  results: %s\n", r.Condition, results)
	return out.String()
}
