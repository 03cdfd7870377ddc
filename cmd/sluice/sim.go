package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-6ca89210/sluice/reconcile/ec2sim"
)

func (a *app) simCommand() *cobra.Command {
	var listen, world, behaviour string
	var speed float64
	cmd := &cobra.Command{
		Use:   "sim --world FILE",
		Short: "Serve a simulated EC2 that speaks the real protocol",
		Long: `Serve a simulated EC2: NAT gateways, network interfaces and subnets from a world
file, with drains, limits, throttling and error codes as EC2 has them. The AWS
CLI, the SDKs and sluice itself can be its clients. Where AWS documents nothing,
--behaviour gives the answers that "sluice conformance" got from it.`,
		Example: `  sluice sim --world examples/quickstart/world.yaml --speed 60
  AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_DEFAULT_REGION=us-east-1 \
    AWS_ACCESS_KEY_ID=sim AWS_SECRET_ACCESS_KEY=sim aws ec2 describe-nat-gateways`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if world == "" {
				return fmt.Errorf("--world FILE says what the simulated account holds; examples/quickstart/world.yaml is one")
			}
			a.collectGarbage(100)
			if speed <= 0 {
				return fmt.Errorf("--speed must be more than 0; 60 drains sixty times as fast")
			}
			data, err := inputOf(cmd.Context(), world, maxPlan)
			if err != nil {
				return fmt.Errorf("--world: %w", err)
			}
			w, err := ec2sim.ParseWorld(world, data)
			if err == nil && behaviour != "" {
				w.Behaviour, err = readBehaviour(cmd.Context(), behaviour)
			}
			if err != nil {
				return err
			}
			return a.serveSim(cmd.Context(), listen, ec2sim.New(w, ec2sim.Options{Speed: speed}))
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:4566", "address to serve on; port 0 takes a free one")
	cmd.Flags().StringVar(&world, "world", "", "the world file")
	cmd.Flags().StringVar(&behaviour, "behaviour", "", "answers of AWS, a file that \"sluice conformance\" has written")
	cmd.Flags().Float64Var(&speed, "speed", 1, "how many simulated seconds pass in a second")
	return cmd
}

func readBehaviour(ctx context.Context, file string) (ec2sim.Behaviour, error) {
	data, err := inputOf(ctx, file, maxSettings)
	if err != nil {
		return ec2sim.Behaviour{}, fmt.Errorf("--behaviour: %w", err)
	}
	return ec2sim.ParseBehaviour(file, data)
}

func (a *app) serveSim(ctx context.Context, listen string, sim http.Handler) error {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	fmt.Fprintf(a.stdout, "EC2 simulator on http://%s\n", l.Addr())
	return serveHTTP(ctx, l, sim)
}

// serveHTTP serves until ctx ends, then gives requests two seconds to finish.
func serveHTTP(ctx context.Context, l net.Listener, h http.Handler) error {
	srv := &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := srv.Shutdown(end); err != nil {
		_ = srv.Close() // a client that does not let go
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
