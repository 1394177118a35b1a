"""What a study takes, printed before anything runs."""

import json


rule plan:
    input:
        code=code("plan", *map(registry.module, registry.tables())),
    log:
        files.log("plan"),
    localrule: True
    conda:
        "../../envs/environment.yaml"
    params:
        flags=lambda wildcards: flags.flags({"config": json.dumps(config), "at_once": at_once()}),
    shell:
        "python {input.code[0]} {params.flags} 2> {log}"
