"""A finished study for others: as an RO-Crate, and signed. Both are made only where asked for."""

import json


localrules:
    crate,
    sign,


def finished(wildcards):
    """All that `rule all` asks for, which is complete only when every rule is read."""
    return {"study": ancient(rules.all.input), "statements": stated(*rules.all.input)}


rule crate:
    input:
        unpack(finished),
        code=code("export_crate"),
    output:
        files.crate(),
    log:
        files.log("crate"),
    conda:
        "../../envs/environment.yaml"
    params:
        flags=flags.flags({"results": study.results, "config": json.dumps(config)}),
    shell:
        "python {input.code[0]} {params.flags} 2> {log}"


rule sign:
    # The key's place is the signer's own: not a parameter, which Snakemake would write down.
    input:
        unpack(finished),
        code=code("sign_study"),
    output:
        files.signature(),
    log:
        files.log("sign"),
    conda:
        "../../envs/environment.yaml"
    params:
        flags=flags.flags({"results": study.results}),
    shell:
        "python {input.code[0]} {params.flags} --output {output} "
        '--private-key "${{TICKETS_PRIVATE_KEY:?says which file holds the key}}" 2> {log}'
