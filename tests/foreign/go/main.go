// SPDX-License-Identifier: Apache-2.0

// A Go function on the official runtime, to be run in the sandbox as it would be uploaded: echoes its
// event with the number of invocations that this process has seen.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

var seen int

type answer struct {
	Event     json.RawMessage `json:"event"`
	Seen      int             `json:"seen"`
	Function  string          `json:"function"`
	HasID     bool            `json:"hasId"`
	Remaining bool            `json:"remaining"`
}

func handle(ctx context.Context, event json.RawMessage) (*answer, error) {
	seen++
	var order struct {
		Do string `json:"do"`
	}
	_ = json.Unmarshal(event, &order)
	switch order.Do {
	case "fail":
		return nil, errors.New("asked to fail")
	case "panic":
		panic("asked to panic")
	case "exit":
		os.Exit(3)
	}
	fmt.Println("seen", seen)
	lc, ok := lambdacontext.FromContext(ctx)
	deadline, has := ctx.Deadline()
	return &answer{event, seen, os.Getenv("AWS_LAMBDA_FUNCTION_NAME"), ok && len(lc.AwsRequestID) == 36,
		has && time.Until(deadline) > 0}, nil
}

func main() {
	lambda.Start(handle)
}
