"""What the reading side of prometheus_scrape makes of our scrape_metadata: its labels, as JSON."""

import json
import sys

from cosl import JujuTopology

topology = JujuTopology.from_dict(json.loads(sys.argv[1]))
print(json.dumps(topology.label_matcher_dict))
