"""Starts LocalStack with two things put right that no setting of version 4.9.2 reaches."""

import os
import sys
import tempfile

from localstack import config
from twisted.internet import endpoints

# It listens on every interface whatever GATEWAY_LISTEN says, and does not end when it cannot listen. It asks
# for one endpoint per address, in order.
hosts = (listen.host for listen in config.GATEWAY_LISTEN)
TCP4ServerEndpoint = endpoints.TCP4ServerEndpoint


class OnGateway:
    def __init__(self, reactor, port):
        self.endpoint = TCP4ServerEndpoint(reactor, port, interface=next(hosts))

    def listen(self, factory):
        def stop(failure):
            print(failure.getErrorMessage(), flush=True)
            os._exit(1)

        return self.endpoint.listen(factory).addErrback(stop)


endpoints.TCP4ServerEndpoint = OnGateway

# S3 objects go to one folder below /tmp, whatever TMPDIR says: two instances would share them.
from localstack.services.s3 import provider  # noqa: E402

provider.DEFAULT_S3_TMP_DIR = os.path.join(tempfile.gettempdir(), "s3")

from localstack.runtime.main import main  # noqa: E402

sys.exit(main())
