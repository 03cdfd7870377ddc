package conformance

import (
	"context"

	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
)

// operations are what is asked of EC2, and all that is linked of its client; see there,
// in reconcile/ec2.
type operations struct {
	DescribeNatGateways              operation[awsec2.DescribeNatGatewaysInput, awsec2.DescribeNatGatewaysOutput]
	DescribeNetworkInterfaces        operation[awsec2.DescribeNetworkInterfacesInput, awsec2.DescribeNetworkInterfacesOutput]
	DescribeSubnets                  operation[awsec2.DescribeSubnetsInput, awsec2.DescribeSubnetsOutput]
	GetSubnetCidrReservations        operation[awsec2.GetSubnetCidrReservationsInput, awsec2.GetSubnetCidrReservationsOutput]
	AssignPrivateNatGatewayAddress   operation[awsec2.AssignPrivateNatGatewayAddressInput, awsec2.AssignPrivateNatGatewayAddressOutput]
	UnassignPrivateNatGatewayAddress operation[awsec2.UnassignPrivateNatGatewayAddressInput, awsec2.UnassignPrivateNatGatewayAddressOutput]
	AssignPrivateIpAddresses         operation[awsec2.AssignPrivateIpAddressesInput, awsec2.AssignPrivateIpAddressesOutput]
	UnassignPrivateIpAddresses       operation[awsec2.UnassignPrivateIpAddressesInput, awsec2.UnassignPrivateIpAddressesOutput]
	CreateNetworkInterface           operation[awsec2.CreateNetworkInterfaceInput, awsec2.CreateNetworkInterfaceOutput]
	CreateNatGateway                 operation[awsec2.CreateNatGatewayInput, awsec2.CreateNatGatewayOutput]
	DeleteNatGateway                 operation[awsec2.DeleteNatGatewayInput, awsec2.DeleteNatGatewayOutput]
	DeleteNetworkInterface           operation[awsec2.DeleteNetworkInterfaceInput, awsec2.DeleteNetworkInterfaceOutput]
}

type operation[In, Out any] func(context.Context, *In, ...func(*awsec2.Options)) (*Out, error)

func operationsOf(c *awsec2.Client) operations {
	return operations{
		DescribeNatGateways:              c.DescribeNatGateways,
		DescribeNetworkInterfaces:        c.DescribeNetworkInterfaces,
		DescribeSubnets:                  c.DescribeSubnets,
		GetSubnetCidrReservations:        c.GetSubnetCidrReservations,
		AssignPrivateNatGatewayAddress:   c.AssignPrivateNatGatewayAddress,
		UnassignPrivateNatGatewayAddress: c.UnassignPrivateNatGatewayAddress,
		AssignPrivateIpAddresses:         c.AssignPrivateIpAddresses,
		UnassignPrivateIpAddresses:       c.UnassignPrivateIpAddresses,
		CreateNetworkInterface:           c.CreateNetworkInterface,
		CreateNatGateway:                 c.CreateNatGateway,
		DeleteNatGateway:                 c.DeleteNatGateway,
		DeleteNetworkInterface:           c.DeleteNetworkInterface,
	}
}
