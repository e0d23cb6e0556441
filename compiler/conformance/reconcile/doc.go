// Package reconcile runs pipelines through Tekton's own PipelineRun and TaskRun reconcilers, over the fake clients of
// Tekton's tests, and compares what happens with what the simulator of the compiler says.
//
// Pods «run» by writing termination messages: which results an attempt writes, whether it ends well and in which order
// attempts end stands in the case. Everything else is Tekton's code.
package reconcile
