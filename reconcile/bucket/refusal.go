package bucket

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
)

// refused is a refusal with a code of S3's.
type refused struct{ code, message, request string }

func (r *refused) Error() string {
	return fmt.Sprintf("%.60q: %.200q (request %.60q)", r.code, r.message, r.request)
}

// refusal is what an answer that is no success says.
func refusal(resp *http.Response, region string) error {
	var said struct{ Code, Message string }
	data, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err == nil {
		_ = xml.Unmarshal(data, &said) // what is no XML says nothing more than the status
	}
	id := resp.Header.Get("X-Amz-Request-Id")
	switch other := resp.Header.Get("X-Amz-Bucket-Region"); {
	case resp.StatusCode == http.StatusPreconditionFailed:
		return ErrExists
	case other != "" && other != region:
		return fmt.Errorf("the bucket is in %.40q, not in %s; set AWS_REGION", other, region)
	case resp.StatusCode == http.StatusNotImplemented:
		return fmt.Errorf("%s: this service does not know If-None-Match, without which an object could be overwritten (%.100q)", resp.Status, said.Message)
	case said.Code != "":
		return &refused{said.Code, said.Message, id}
	}
	return fmt.Errorf("the service answered %.60q", resp.Status)
}
