"""The plan of a study, printed before anything runs."""

import json


rule plan:
    log:
        files.log("plan"),
    localrule: True
    conda:
        "../../envs/environment.yaml"
    params:
        code=code("plan"),
        flags=lambda wildcards: flags.flags({"config": json.dumps(config), "at_once": at_once()}),
    shell:
        "python {params.code.path} {params.flags} 2> {log}"
